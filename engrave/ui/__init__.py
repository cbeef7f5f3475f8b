"""The page in the browser: four tabs over one engine, and the endpoints behind them."""

import os

# Gradio reads these while it is imported, and would otherwise ask hosts outside for its version.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
