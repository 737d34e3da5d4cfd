"""The container image, and what compose.yaml runs beside our processes."""
