"""The pages of people, roles, grants, tokens and refusals."""
