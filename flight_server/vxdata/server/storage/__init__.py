"""Storage: blobs in S3, and which of them are referred to."""
