"""The same statistics by SciPy, statsmodels and krippendorff: data sets as JSON on standard input, results on standard output."""

import json
import sys

import krippendorff
import numpy as np
from scipy import special, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

SEED = 20


def sign_flips(values, resamples):
    result = stats.permutation_test(
        (np.array(values),),
        lambda sample, axis: np.mean(sample, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=resamples,
        rng=SEED,
    )
    return float(result.pvalue)


def bca(values):
    result = stats.bootstrap((np.array(values),), np.mean, n_resamples=20_000, method="BCa", rng=SEED)
    return [float(result.confidence_interval.low), float(result.confidence_interval.high)]


def percentile_t(values):
    """SciPy has none, so by hand: Efron and Tibshirani, 12.5."""
    values = np.array(values)
    n = len(values)
    samples = values[np.random.default_rng(SEED).integers(0, n, size=(40_000, n))]
    t = (samples.mean(axis=1) - values.mean()) / (samples.std(axis=1, ddof=1) / np.sqrt(n))
    error = values.std(ddof=1) / np.sqrt(n)
    low, high = np.quantile(t, [0.975, 0.025])
    return [float(values.mean() - low * error), float(values.mean() - high * error)]


def ks(values):
    result = stats.kstest(values, "expon", method="exact")
    return {"statistic": float(result.statistic), "p": float(result.pvalue)}


def alpha(answers):
    most = max(len(scores) for scores in answers)
    table = np.array([scores + [np.nan] * (most - len(scores)) for scores in answers]).T
    return float(krippendorff.alpha(reliability_data=table, level_of_measurement="interval"))


given = json.load(sys.stdin)
print(
    json.dumps(
        {
            "exactFlips": [sign_flips(values, np.inf) for values in given["exactFlips"]],
            "manyFlips": [sign_flips(values, 99_999) for values in given["manyFlips"]],
            "skewed": [percentile_t(values) for values in given["skewed"]],
            "lumpy": [bca(values) for values in given["lumpy"]],
            "large": [bca(values) for values in given["large"]],
            "ks": [ks(values) for values in given["ks"]],
            "agreement": [alpha(answers) for answers in given["agreement"]],
            "holm": [multipletests(p, method="holm")[1].tolist() for p in given["holm"]],
            "quantiles": [np.quantile(values, given["shares"]).tolist() for values in given["quantiles"]],
            "normal": [[float(stats.norm.cdf(z)), float(stats.norm.ppf(p))] for z, p in given["normal"]],
            "power": [float(TTestPower().solve_power(d, alpha=0.05, power=0.8)) for d in given["power"]],
            "passes": [float(special.comb(c, k) / special.comb(n, k)) for n, c, k in given["passes"]],
        }
    )
)
