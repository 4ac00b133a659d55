"""Real estimators on the rows: as good as theory allows, and no better."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pymts.adapters.sklearn import PanelTimeSeriesSplit, to_xy, train_test_split
from pymts.datasets import make_ar, make_gbm, make_kuramoto, make_var

PHI = np.array(
    [
        [[0.5, 0.3, 0.0], [0.0, -0.4, 0.2], [0.0, 0.0, 0.6]],
        [[0.0, 0.0, 0.2], [0.2, 0.0, 0.0], [0.0, 0.1, -0.2]],
    ]
)
SIGMA = np.array([[1.0, 0.3, 0.0], [0.3, 0.5, 0.1], [0.0, 0.1, 2.0]])


def assert_covariance(errors: np.ndarray, expected: np.ndarray, n_features: int, n_train: int) -> None:
    """Compare the covariance of independent errors with theory, at 5 standard errors.

    Estimating ``n_features`` coefficients from ``n_train`` rows adds their ratio to it.
    """
    found = errors.T @ errors / len(errors)
    variances = np.diag(expected)
    error = np.sqrt((np.outer(variances, variances) + expected**2) / len(errors))
    z = (found - expected * (1 + n_features / n_train)) / error
    assert np.abs(z).max() < 5, z


def test_ridge_finds_the_coefficients_and_reaches_the_innovation_covariance() -> None:
    train, test = train_test_split(make_var(Phi=PHI, Sigma=SIGMA, T=2000, n_realizations=20, seed=1), 0.25)
    data = to_xy(train, context_length=2, horizon=1)
    unseen = to_xy(test, context_length=2, horizon=1)
    model = Ridge(alpha=1e-6, fit_intercept=False).fit(data.X, data.y)
    expected = np.concatenate([PHI[1], PHI[0]], axis=1)  # x[t-2] comes first
    error = np.sqrt(np.outer(np.diag(SIGMA), np.diag(np.linalg.inv(data.X.T @ data.X))))
    assert np.abs((model.coef_ - expected) / error).max() < 5
    assert_covariance(unseen.y - model.predict(unseen.X), SIGMA, 6, len(data.X))


def test_two_steps_ahead_the_error_is_that_of_the_moving_average() -> None:
    train, test = train_test_split(make_var(Phi=PHI, Sigma=SIGMA, T=2000, n_realizations=20, seed=2), 0.25)
    data = to_xy(train, context_length=2, horizon=2)
    unseen = to_xy(test, context_length=2, horizon=2, stride=2)  # the errors of windows two apart are independent
    errors = unseen.y - Ridge(alpha=1e-6).fit(data.X, data.y).predict(unseen.X)
    second = SIGMA + PHI[0] @ SIGMA @ PHI[0].T
    expected = np.block([[SIGMA, SIGMA @ PHI[0].T], [PHI[0] @ SIGMA, second]])
    assert_covariance(errors, expected, 7, len(data.X))


def test_a_search_over_time_inside_a_pipeline_reaches_the_noise_variance() -> None:
    ds = make_ar(M=1, phi=[0.6, 0.2], sigma=1.5, T=3000, n_realizations=4, seed=3)
    train, test = train_test_split(ds, 0.25, by="time", gap=20)
    data = to_xy(train, context_length=4, as_frame=True)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), Ridge()),
        {"ridge__alpha": [1e-3, 1e5]},
        cv=PanelTimeSeriesSplit(3, gap=5),
        scoring="neg_mean_squared_error",
    ).fit(data.X, data.y)
    assert search.best_params_ == {"ridge__alpha": 1e-3}
    unseen = to_xy(test, context_length=4, as_frame=True)
    errors = (unseen.y - search.predict(unseen.X)).to_numpy()[:, None]
    assert_covariance(errors, np.array([[1.5**2]]), 5, len(data.X))
    naive = (unseen.y - unseen.X["x0[t-1]"]).var()
    assert naive > 1.15 * 1.5**2


@pytest.mark.parametrize(
    "classifier",
    [make_pipeline(StandardScaler(), LogisticRegression()), RandomForestClassifier(30, random_state=0)],
    ids=["logistic", "forest"],
)
def test_the_model_is_told_from_realizations_never_seen(classifier: object) -> None:
    source = [
        make_gbm(M=2, T=60, sigma=0.3, dt=0.01, n_realizations=30, seed=1),
        make_kuramoto(M=2, T=60, n_realizations=20, seed=2),
        make_var(M=2, T=60, n_realizations=20, seed=3),
    ]
    data = to_xy(source, target="model", context_length=20, stride=20)
    cv = GroupKFold(5)
    for train, test in cv.split(data.X, data.y, data.groups):
        assert not set(data.groups[train]) & set(data.groups[test])
    found = cross_val_score(classifier, data.X, data.y, groups=data.groups, cv=cv).mean()
    majority = cross_val_score(DummyClassifier(), data.X, data.y, groups=data.groups, cv=cv).mean()
    assert found > majority + 5 * np.sqrt(0.25 / len(np.unique(data.groups)))  # rows of a realization count as one
