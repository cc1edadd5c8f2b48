"""Identity: what resolving people and companies needs beyond SQL: text to one form, graphs to components."""
