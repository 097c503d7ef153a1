"""Broken, hostile and usual files and configurations, given to what reads them."""
