"""What the code says, as frozen dataclasses; made by the read room, judged by the others."""
