"""Choosing shelters: who is at risk, how much room a site has, which sites to open."""
