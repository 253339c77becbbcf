"""`fas table`: results of runs over folds, seeds and datasets, next to the numbers that papers print."""
