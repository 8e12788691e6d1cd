"""A study at a screen: academies placed, moved and closed, and who is within reach then."""
