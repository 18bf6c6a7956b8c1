"""What earlier runs found, kept between runs: proven to hold still by what it was made from, or not used at all."""
