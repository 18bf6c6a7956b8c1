"""What SQLAlchemy does with a name on a mapped class, measured by running small programs."""
