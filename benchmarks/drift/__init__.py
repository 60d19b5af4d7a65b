"""How well drift is found, how often it is cried out in vain, and what that costs."""
