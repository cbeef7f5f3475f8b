"""Tests in a real Chromium, on the shipped checkpoint."""
