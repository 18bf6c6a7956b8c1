"""sqla-guard: find and repair what breaks SQLAlchemy projects, without importing them."""

__version__ = "0.1.0"
