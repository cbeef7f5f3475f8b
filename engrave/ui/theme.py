"""Paper and ink: colours, fonts and where the style sheet and its files lie."""

from pathlib import Path

import gradio as gr

from engrave.places import FONTS
from engrave.ui.files import file_url

HERE = Path(__file__).parent
STATIC = HERE / "static"
FACES = ((400, "normal"), (400, "italic"), (600, "normal"))  # of EB Garamond
RANGES = {  # so that a page without such letters does not fetch their file
    "latin": "U+0000-00FF, U+0131, U+0152-0153, U+02BB-02BC, U+02C6, U+02DA, U+02DC, U+2000-206F, "
    "U+20AC, U+2122, U+2190-2193, U+2212, U+2215, U+FEFF, U+FFFD",
    "latin-ext": "U+0100-0130, U+0132-0151, U+0154-02BA, U+02BD-02C5, U+02C7-02CC, U+02CE-02D7, "
    "U+1D00-1DBF, U+1E00-1E9F, U+1EF2-1EFF, U+2020, U+20A0-20AB, U+2113, U+2C60-2C7F, U+A720-A7FF",
}
SANS = gr.themes.LocalFont("Source Sans Pro", weights=(400, 700))  # Gradio brings these two whole

PAPER = gr.themes.Color(
    name="paper",
    c50="#fbf8f1", c100="#f6f0e4", c200="#e9e0cd", c300="#d8ccb4", c400="#b3a68c", c500="#716755",
    c600="#665d4d", c700="#4a4338", c800="#2c2822", c900="#211e19", c950="#171511",
)  # fmt: skip
OXBLOOD = gr.themes.Color(
    name="oxblood",
    c50="#fbf1ef", c100="#f3dcd8", c200="#e5bab3", c300="#d29389", c400="#b76559", c500="#944338",
    c600="#7b2d26", c700="#64221d", c800="#4e1b17", c900="#3a1512", c950="#250c0a",
)  # fmt: skip


def paper_theme() -> gr.themes.Base:
    """Return the theme; all of its fonts come with the app or with the reader's machine."""
    theme = gr.themes.Base(
        primary_hue=OXBLOOD,
        secondary_hue=PAPER,
        neutral_hue=PAPER,
        radius_size=gr.themes.sizes.radius_sm,
        spacing_size=gr.themes.sizes.spacing_md,
        font=[SANS, "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return theme.set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="#1d1a15",
        body_text_color_dark="#ece4d3",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="#b9ae99",
        background_fill_primary="#fffdf8",
        background_fill_primary_dark="*neutral_900",
        background_fill_secondary="*neutral_100",
        background_fill_secondary_dark="*neutral_800",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_padding="0px",
        layout_gap="16px",
        form_gap_width="0px",
        input_border_width="1px",
        button_border_width="1px",
        block_shadow="none",
        block_label_text_weight="400",
        block_title_text_weight="400",
        block_title_text_color="*neutral_600",
        block_title_text_color_dark="#b9ae99",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="#b9ae99",
        block_info_text_size="*text_sm",
        input_background_fill="#fffdf8",
        input_background_fill_dark="*neutral_900",
        input_border_color="*neutral_300",
        input_border_color_dark="#4a4338",
        input_shadow="none",
        border_color_primary="*neutral_300",
        border_color_primary_dark="#4a4338",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_dark="*primary_500",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_hover_dark="*primary_600",
        button_primary_text_color="#fffaf2",
        button_secondary_background_fill="transparent",
        button_secondary_background_fill_dark="transparent",
        button_secondary_border_color="*neutral_300",
        button_secondary_border_color_dark="#4a4338",
        button_large_text_weight="400",
        button_small_text_weight="400",
        slider_color="*primary_600",
        slider_color_dark="*primary_400",
        link_text_color="*primary_600",
        link_text_color_dark="*primary_300",
    )


def style_sheet() -> str:
    """Return the page's CSS, the faces of EB Garamond first."""
    faces = [face(letters, *one) for letters in RANGES for one in FACES]
    return "\n".join([*faces, (HERE / "style.css").read_text(encoding="utf-8")])


def face(letters: str, weight: int, style: str) -> str:
    """Return the @font-face rule of one file."""
    source = file_url(FONTS / f"eb-garamond-{letters}-{weight}-{style}.woff2")
    return (
        f"@font-face {{ font-family: 'EB Garamond'; font-weight: {weight}; font-style: {style}; "
        f"font-display: swap; src: url('{source}') format('woff2'); "
        f"unicode-range: {RANGES[letters]}; }}"
    )
