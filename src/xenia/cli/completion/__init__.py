"""xm completion: what a shell offers when Tab is pressed. The scripts ask xm itself, so that they never grow old."""
