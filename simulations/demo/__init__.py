"""The main job in small: a gemeente and eight partners as real processes, from keys to verified releases and a page."""
