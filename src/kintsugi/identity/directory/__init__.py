"""The pages of people, roles, grants and tokens."""
