"""ISO/IEC 30107-3 metrics and thresholds: numpy in, numbers out."""
