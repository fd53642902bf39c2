"""What is optimized: patches, features, resizable filters, labels and the tracking loss."""
