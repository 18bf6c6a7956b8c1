"""The language server: findings as one types, repairs as quick fixes. Needs the extra ``lsp``."""
