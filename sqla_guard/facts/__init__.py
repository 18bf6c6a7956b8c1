"""What the code says, as frozen records; made by the read room, judged by the others."""
