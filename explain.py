"""Explain image files by heatmaps: python explain.py dog.jpg --network resnet50 ..."""

from endings import in_brief


def main(args: list[str] | None = None) -> None:
    """Write a picture of images with their heatmaps."""
    from trompe.explain_images import main as explain

    explain(args)


if __name__ == "__main__":
    with in_brief():
        main()
