"""Explain image files by heatmaps: python explain.py dog.jpg --network resnet50 ..."""

from trompe.explain_images import main

if __name__ == "__main__":
    main()
