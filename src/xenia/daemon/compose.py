"""All parts of xend, built once and handed on."""
