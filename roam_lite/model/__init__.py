"""What is optimised: patches, features, resizable filters, labels and the tracking loss."""
