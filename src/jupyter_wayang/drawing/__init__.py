"""Plans and curves as pictures and as text, without a browser: values in, text of SVG, HTML or DOT out."""
