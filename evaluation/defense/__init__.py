"""Accuracy and success rates of networks with a defence and without."""
