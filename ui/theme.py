"""The look of Gradio's own components: paper, ink and one accent, from fonts that are on the machine.

The colours are CSS variables of style.css, so that light and dark are decided in one place.
"""

import inspect
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr

SANS = ("PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC")
_COLOURS: dict[str, str] = {
    "body_background_fill": "var(--paper)",
    "body_text_color": "var(--ink)",
    "body_text_color_subdued": "var(--faded)",
    "background_fill_primary": "var(--sheet)",
    "background_fill_secondary": "var(--paper)",
    "border_color_primary": "var(--line)",
    "border_color_accent": "var(--accent)",
    "border_color_accent_subdued": "var(--line)",
    "color_accent": "var(--accent)",
    "color_accent_soft": "var(--accent-soft)",
    "link_text_color": "var(--accent)",
    "link_text_color_hover": "var(--accent)",
    "link_text_color_active": "var(--accent)",
    "link_text_color_visited": "var(--accent)",
    "block_background_fill": "transparent",
    "block_border_color": "var(--line)",
    "block_label_text_color": "var(--faded)",
    "block_label_background_fill": "transparent",
    "block_title_text_color": "var(--faded)",
    "block_info_text_color": "var(--faded)",
    "panel_background_fill": "transparent",
    "panel_border_color": "var(--line)",
    "input_background_fill": "var(--sheet)",
    "input_background_fill_focus": "var(--sheet)",
    "input_border_color": "var(--edge)",
    "input_border_color_focus": "var(--accent)",
    "input_placeholder_color": "var(--faded)",
    "checkbox_background_color": "var(--sheet)",
    "checkbox_background_color_selected": "var(--accent)",
    "checkbox_border_color": "var(--edge)",
    "checkbox_border_color_selected": "var(--accent)",
    "checkbox_label_background_fill": "transparent",
    "checkbox_label_background_fill_hover": "var(--accent-soft)",
    "checkbox_label_background_fill_selected": "var(--accent-soft)",
    "checkbox_label_border_color": "transparent",
    "checkbox_label_text_color": "var(--ink)",
    "checkbox_label_text_color_selected": "var(--ink)",
    "button_primary_background_fill": "var(--accent)",
    "button_primary_background_fill_hover": "var(--accent-deep)",
    "button_primary_border_color": "var(--accent)",
    "button_primary_text_color": "var(--on-accent)",
    "button_secondary_background_fill": "transparent",
    "button_secondary_background_fill_hover": "var(--accent-soft)",
    "button_secondary_border_color": "var(--edge)",
    "button_secondary_text_color": "var(--ink)",
    "button_cancel_background_fill": "transparent",
    "button_cancel_background_fill_hover": "var(--warn-soft)",
    "button_cancel_border_color": "var(--warn)",
    "button_cancel_text_color": "var(--warn)",
    "table_even_background_fill": "transparent",
    "table_odd_background_fill": "transparent",
    "table_border_color": "var(--line)",
    "table_text_color": "var(--ink)",
    "table_row_focus": "var(--accent-soft)",
    "accordion_text_color": "var(--ink)",
    "error_background_fill": "var(--warn-soft)",
    "error_border_color": "var(--warn)",
    "error_text_color": "var(--warn)",
    "error_icon_color": "var(--warn)",
    "loader_color": "var(--accent)",
    "slider_color": "var(--accent)",
    "stat_background_fill": "var(--accent-soft)",
}
_FLAT: dict[str, str] = {
    "block_border_width": "0px",
    "button_border_width": "1px",
    "input_border_width": "1px",
    "block_shadow": "none",
    "shadow_drop": "none",
    "shadow_drop_lg": "none",
    "block_padding": "0",
    "button_primary_shadow": "none",
    "button_secondary_shadow": "none",
    "input_shadow": "none",
    "input_shadow_focus": "0 0 0 2px var(--accent-soft)",
    "checkbox_label_shadow": "none",
    "layout_gap": "0.75rem",
    "form_gap_width": "0px",
}
SHEETS = ("style.css", "settings.css", "evaluation.css")
MONO = ("ui-monospace", "SF Mono", "Consolas", "Noto Sans Mono CJK SC", "monospace")


@lru_cache(maxsize=1)
def stylesheet() -> str:
    """The style sheet of the window: what all tabs share, and the tabs that have one of their own."""
    return "\n".join(Path(__file__).with_name(name).read_text("utf-8") for name in SHEETS)


def theme() -> gr.themes.Base:
    """Gradio's plain theme in our colours."""
    base = gr.themes.Base(
        font=["system-ui", "-apple-system", "Segoe UI", *SANS, "sans-serif"],
        font_mono=list(MONO),
        radius_size=gr.themes.sizes.radius_sm,
        text_size=gr.themes.sizes.text_md,
        spacing_size=gr.themes.sizes.spacing_sm,
    )
    dark = {f"{name}_dark": value for name, value in _COLOURS.items()}
    known = inspect.signature(base.set).parameters  # some have no name of their own for dark pages
    settings: dict[str, Any] = {**_COLOURS, **dark, **_FLAT}
    return base.set(**{name: value for name, value in settings.items() if name in known})
