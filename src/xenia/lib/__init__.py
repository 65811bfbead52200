"""Small tools that know nothing of virtualisation."""
