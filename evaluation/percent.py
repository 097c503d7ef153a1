"""Shares as text that a reader can trust to the last digit."""


def percent(share: float) -> str:
    """Return a share with two decimals; 0 and 100 % only where it is exactly so.

    Example:
        >>> percent(0.99996), percent(1.0), percent(0.12345), percent(0.00001)
        ('above 99.99 %', '100 %', '12.35 %', 'below 0.01 %')
    """
    if share in (0.0, 1.0):
        return f"{100 * share:.0f} %"
    if share > 0.99995:
        return "above 99.99 %"
    if 0 < share < 0.00005:
        return "below 0.01 %"
    return f"{100 * share:.2f} %"
