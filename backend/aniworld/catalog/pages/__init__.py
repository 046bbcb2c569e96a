"""Reading hostile HTML by rules: which element, which part of it, made into which value."""
