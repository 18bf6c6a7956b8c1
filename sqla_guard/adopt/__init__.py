"""Taking the tool up in a project that has findings already: they are ignored, remembered, or older than the change."""
