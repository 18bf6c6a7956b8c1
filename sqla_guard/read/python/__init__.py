"""Python source to facts: the outline with the standard library's ``ast``, close reading with libcst."""
