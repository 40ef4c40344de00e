"""A text gives the rows that a database gives, which runs the text itself."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import duckdb

QUERIES = """
SELECT * FROM visits WHERE age > 18 AND bmi < 30
SELECT id, age + 1 AS older, bmi / 2 AS half, -age AS negative FROM visits
SELECT ward, count(*) AS n, count(age) AS known, sum(age) AS s, avg(bmi) AS m FROM visits GROUP BY ward
SELECT ward, sum(cost) AS cost, sum(cost * 2) AS twice, avg(cost) AS m FROM visits GROUP BY ward
SELECT count(DISTINCT ward) AS n, min(day) AS first, max(day) AS last FROM visits
SELECT ward, sum(age) / count(*) AS r FROM visits GROUP BY 1 HAVING count(*) > 1
SELECT upper(ward) AS w, max(age) - min(age) AS span FROM visits GROUP BY upper(ward)
SELECT age > 40 AS old, count(*) AS n FROM visits GROUP BY old
SELECT count(*) AS n FROM visits WHERE age > 1000
SELECT sum(age) AS s, min(age) AS least FROM visits WHERE age > 1000
SELECT ward FROM visits GROUP BY ward
SELECT DISTINCT ward, urgent FROM visits
SELECT ward, count(*) FILTER (WHERE age > 20) AS n, sum(bmi) FILTER (WHERE urgent) AS s FROM visits GROUP BY ward
SELECT v.id, w.floor FROM visits v, wards w WHERE v.ward = w.ward
SELECT v.id, w.floor FROM visits v JOIN wards w ON v.ward = w.ward AND w.floor > 1
SELECT v.id, w.ward AS other, w.floor FROM visits v LEFT JOIN wards w ON v.ward = w.ward
SELECT v.id, w.ward AS other FROM visits v LEFT JOIN wards w ON v.ward = w.ward AND w.floor > 1 AND v.age > 20
SELECT v.id, w.floor FROM visits v LEFT JOIN wards w ON v.bmi > w.bmi
SELECT v.id, w.ward AS other, w.floor FROM visits v RIGHT JOIN wards w ON v.ward = w.ward
SELECT v.id, v.ward AS ours, w.ward AS theirs FROM visits v FULL JOIN wards w ON v.ward = w.ward
SELECT v.id, e.floor FROM visits v LEFT JOIN empty e ON v.ward = e.ward
SELECT v.id, w.floor FROM visits v CROSS JOIN wards w WHERE w.floor = 2
SELECT ward, id, floor FROM visits JOIN wards USING (ward)
SELECT v.id, ward FROM visits v LEFT JOIN wards w USING (ward)
SELECT a.id, b.id AS other FROM visits a, visits b WHERE a.ward = b.ward AND a.id < b.id
SELECT a.id AS x, b.id AS y, c.floor FROM visits a JOIN visits b ON a.age = b.age LEFT JOIN wards c ON b.ward = c.ward
SELECT v.id FROM visits v JOIN wards w ON v.id = w.floor AND v.age + 1 = w.floor * 9
SELECT v.id FROM visits v, wards w WHERE v.id = w.bmi - 17
SELECT (SELECT max(floor) FROM wards) AS most, id FROM visits
SELECT id FROM visits WHERE bmi > (SELECT avg(bmi) FROM visits)
SELECT id FROM visits v WHERE bmi > (SELECT avg(bmi) FROM visits w WHERE w.ward = v.ward)
SELECT id FROM visits v WHERE bmi >= (SELECT 0.5 * sum(w.bmi) FROM wards w WHERE w.ward = v.ward AND w.floor = 2)
SELECT id, (SELECT count(*) FROM wards w WHERE w.ward = v.ward) AS n FROM visits v
SELECT id, (SELECT count(*) FROM wards w WHERE w.bmi < v.bmi) AS n FROM visits v
SELECT id, (SELECT coalesce(max(w.floor), -1) FROM wards w WHERE w.ward = v.ward) AS f FROM visits v
SELECT id, (SELECT count(*) + sum(floor) FROM wards w WHERE w.floor < v.id) AS n FROM visits v
SELECT id FROM visits v WHERE EXISTS (SELECT count(*) FROM wards w WHERE w.ward = v.ward) AND id < 4
SELECT id FROM visits v WHERE NOT EXISTS (SELECT max(floor) FROM wards w WHERE w.ward = v.ward)
SELECT id, EXISTS (SELECT 1 FROM wards w WHERE v.ward = v.ward) AS e FROM visits v
SELECT id, EXISTS (SELECT 1 FROM wards w WHERE w.bmi > v.bmi AND w.ward <> v.ward) AS e FROM visits v
SELECT id FROM visits v WHERE id = 1 OR NOT EXISTS (SELECT 1 FROM wards w WHERE w.bmi > v.bmi)
SELECT id FROM visits v WHERE EXISTS (SELECT 1 FROM wards w WHERE w.bmi > v.bmi + 8 UNION SELECT 2 FROM wards w WHERE w.floor = v.id)
SELECT id FROM visits v WHERE EXISTS (SELECT 1 FROM wards w WHERE w.ward = v.ward AND w.floor = v.id UNION ALL SELECT 2 FROM wards w WHERE w.floor = v.id AND w.ward = v.ward)
SELECT id FROM visits v WHERE v.id IN (SELECT floor FROM wards w WHERE w.ward = v.ward AND w.bmi < v.bmi INTERSECT SELECT floor FROM wards w WHERE w.bmi < v.bmi)
SELECT id FROM visits v WHERE NOT EXISTS (SELECT floor FROM wards w WHERE w.ward = v.ward EXCEPT SELECT 1 FROM wards)
SELECT id FROM visits v WHERE ward IN (SELECT w.ward FROM wards w WHERE w.ward = v.ward UNION SELECT 'd' FROM wards w WHERE w.ward <> v.ward)
SELECT id FROM visits v WHERE upper(ward) IN (SELECT upper(w.ward) AS ward FROM wards w WHERE w.ward = v.ward)
SELECT id, EXISTS (SELECT sum(floor) FROM empty) AS e FROM visits
SELECT id FROM visits WHERE EXISTS (SELECT max(floor) FROM wards HAVING max(floor) > 100)
SELECT id FROM visits v WHERE 0 IN (SELECT count(*) FROM wards w WHERE w.ward = v.ward)
SELECT id FROM visits v WHERE 0 NOT IN (SELECT count(*) FROM wards w WHERE w.ward = v.ward)
SELECT id, 1 IN (SELECT count(*) FROM wards w WHERE w.ward = v.ward) AS one FROM visits v
SELECT id, (SELECT count(*) + v.id FROM wards w WHERE w.ward = v.ward HAVING count(*) < 1) AS n FROM visits v
SELECT id, (SELECT max(floor) FROM wards w WHERE w.ward = v.ward HAVING count(*) > 1) AS n FROM visits v
SELECT id, (SELECT count(DISTINCT floor) FROM wards w WHERE w.ward = v.ward OR w.bmi = v.bmi) AS n FROM visits v
SELECT id, (SELECT count(*) FROM wards w WHERE w.floor = 1 AND v.age IS NULL) AS n FROM visits v
SELECT id FROM visits v WHERE 0 = (SELECT count(*) FROM wards w WHERE w.ward = v.ward)
SELECT id, (SELECT w.floor FROM wards w WHERE w.bmi < v.bmi ORDER BY w.bmi DESC LIMIT 1) AS f FROM visits v
SELECT id, (SELECT floor FROM wards WHERE floor > 100 ORDER BY floor LIMIT 1) AS f FROM visits
SELECT id, (SELECT floor FROM wards WHERE floor > 0 ORDER BY floor, ward LIMIT 1 OFFSET 1) AS f FROM visits
SELECT id FROM visits v WHERE EXISTS (SELECT * FROM wards w WHERE w.ward = v.ward)
SELECT id FROM visits v WHERE NOT EXISTS (SELECT 1 FROM wards w WHERE w.ward = v.ward)
SELECT id FROM visits v WHERE EXISTS (SELECT 1 FROM wards w WHERE w.ward = v.ward AND w.bmi <> v.bmi)
SELECT id FROM visits v WHERE NOT EXISTS (SELECT 1 FROM wards w WHERE w.ward = v.ward AND w.bmi > v.bmi + 1)
SELECT id FROM visits v WHERE NOT EXISTS (SELECT 1 FROM wards w WHERE w.bmi > v.bmi)
SELECT id FROM visits WHERE EXISTS (SELECT 1 FROM empty)
SELECT id FROM visits WHERE NOT EXISTS (SELECT 1 FROM empty)
SELECT id, EXISTS (SELECT 1 FROM wards w WHERE w.ward = v.ward) AS known FROM visits v
SELECT id FROM visits v WHERE age > 60 OR EXISTS (SELECT 1 FROM wards w WHERE w.ward = v.ward AND w.floor = 2)
SELECT id FROM visits v WHERE EXISTS (SELECT ward FROM wards w WHERE w.ward = v.ward GROUP BY ward HAVING max(floor) > 1)
SELECT id FROM visits v WHERE EXISTS (SELECT 1 FROM wards w WHERE v.age IS NULL AND w.floor = 1)
SELECT id FROM visits v WHERE EXISTS (SELECT 1 FROM wards w WHERE w.ward = v.ward OR w.floor = v.id)
SELECT id FROM visits WHERE ward IN (SELECT ward FROM wards)
SELECT id FROM visits WHERE ward NOT IN (SELECT ward FROM wards)
SELECT id FROM visits WHERE ward NOT IN (SELECT ward FROM wards WHERE ward IS NOT NULL)
SELECT id FROM visits WHERE ward NOT IN (SELECT ward FROM empty)
SELECT id FROM visits WHERE ward IN (SELECT ward FROM empty)
SELECT id, ward IN (SELECT ward FROM wards) AS known FROM visits
SELECT id, ward IN (SELECT ward FROM wards WHERE floor < 3) AS known FROM visits
SELECT id, ward NOT IN (SELECT ward FROM empty) AS known FROM visits
SELECT id FROM visits v WHERE v.age NOT IN (SELECT w.floor FROM wards w WHERE w.ward = v.ward)
SELECT id, v.id IN (SELECT w.floor FROM wards w WHERE w.bmi < v.bmi) AS k FROM visits v
SELECT id FROM visits v WHERE v.id IN (SELECT w.floor FROM wards w WHERE w.bmi < v.bmi)
SELECT id FROM visits WHERE (ward, id) IN (SELECT ward, floor FROM wards)
SELECT id FROM visits v WHERE ward IN (SELECT ward FROM wards w WHERE floor IN (SELECT floor FROM wards x WHERE x.ward = v.ward))
SELECT id FROM visits v WHERE EXISTS (SELECT 1 FROM wards w WHERE EXISTS (SELECT 1 FROM wards x WHERE x.floor = w.floor AND x.ward = v.ward))
SELECT ward, count(*) AS n FROM visits v GROUP BY ward HAVING count(*) > (SELECT min(floor) FROM wards w WHERE w.ward = v.ward)
SELECT ward, sum(age) AS s FROM visits GROUP BY ward HAVING sum(age) > (SELECT avg(age) FROM visits)
SELECT n, count(*) AS c FROM (SELECT ward, count(*) AS n FROM visits GROUP BY ward) AS t GROUP BY n
SELECT x, y FROM (SELECT ward, count(*) FROM visits GROUP BY ward) AS t (x, y)
WITH t AS (SELECT ward, max(age) AS m FROM visits GROUP BY ward) SELECT a.ward, b.m FROM t a JOIN t b ON a.m = b.m
WITH t AS (SELECT * FROM visits), u (w) AS (SELECT ward FROM t) SELECT count(w) AS n FROM u
SELECT ward FROM visits UNION SELECT ward FROM wards
SELECT ward, id FROM visits UNION ALL SELECT ward, floor FROM wards
SELECT ward FROM visits INTERSECT SELECT ward FROM wards
SELECT ward FROM visits INTERSECT ALL SELECT ward FROM wards
SELECT ward FROM visits EXCEPT SELECT ward FROM wards
SELECT ward FROM visits EXCEPT ALL SELECT ward FROM wards
SELECT ward FROM visits UNION SELECT ward FROM wards INTERSECT SELECT 'a' FROM wards
SELECT id FROM visits v WHERE v.ward IN (SELECT w.ward FROM wards w WHERE w.bmi < v.bmi UNION SELECT 'd' FROM wards)
SELECT id, CASE WHEN age > 60 THEN 'old' WHEN age > 20 THEN 'grown' END AS kind FROM visits
SELECT id, CASE ward WHEN 'a' THEN 1 ELSE 0.5 END AS k FROM visits
SELECT id FROM visits WHERE age BETWEEN 18 AND 42 OR ward IN ('a', 'd')
SELECT id FROM visits WHERE NOT (ward = 'a') OR urgent IS NULL OR urgent IS FALSE
SELECT id FROM visits WHERE ward NOT IN ('a', NULL) OR ward IS NOT NULL AND ward LIKE '_' AND ward NOT LIKE 'b%'
SELECT id FROM visits WHERE day >= DATE '2024-02-29' - INTERVAL '1' MONTH AND day < '2024-03-01'
SELECT id, cast(day + INTERVAL '1' MONTH AS DATE) AS later, EXTRACT(YEAR FROM day) AS y, month(day) AS m FROM visits
SELECT id, substring(ward FROM 1 FOR 1) AS s, ward || '!' AS e, length(ward) AS l, concat(ward, 'x') AS c FROM visits
SELECT id, nullif(age, 42) AS n, coalesce(age, 0) AS c, abs(id - 5) AS a, round(bmi) AS r FROM visits
SELECT id, cast(age AS DOUBLE) AS f, cast(bmi AS VARCHAR) IS NULL AS n, age::BIGINT AS i FROM visits WHERE id < 3
SELECT id FROM visits WHERE cost > 3.24 AND cost * 1.10 < 11.56
SELECT id, row_number() OVER (PARTITION BY ward ORDER BY id) AS r, sum(age) OVER (PARTITION BY ward) AS s FROM visits
SELECT id, rank() OVER (ORDER BY age DESC) AS r, lag(id) OVER (ORDER BY id) AS before FROM visits WHERE age > 0
SELECT id, dense_rank() OVER (PARTITION BY urgent ORDER BY ward DESC) AS d FROM visits WHERE ward > ''
SELECT id, sum(age) OVER (PARTITION BY ward ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS s FROM visits
SELECT id, max(age) OVER (ORDER BY id RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS s FROM visits
SELECT ward, sum(age) AS s, rank() OVER (ORDER BY sum(age) DESC) AS r FROM visits WHERE age > 0 GROUP BY ward
SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY ward ORDER BY id) AS r FROM visits) t WHERE r = 1
""".strip().split("\n")

ORDERED = """
SELECT id, age FROM visits ORDER BY age DESC, id LIMIT 3
SELECT id, age FROM visits ORDER BY age DESC, id LIMIT 3 OFFSET 2
SELECT id, age FROM visits ORDER BY id OFFSET 3
SELECT id FROM visits ORDER BY age DESC, id LIMIT 2 OFFSET 1
SELECT DISTINCT ward FROM visits WHERE ward > '' ORDER BY ward DESC LIMIT 5 OFFSET 1
SELECT id FROM visits ORDER BY id LIMIT 5 OFFSET 1000
SELECT ward FROM visits UNION SELECT ward FROM wards ORDER BY ward LIMIT 2 OFFSET 1
SELECT id FROM visits ORDER BY bmi
SELECT ward, count(*) AS n FROM visits GROUP BY ward ORDER BY n DESC, ward
SELECT ward, count(*) FROM visits GROUP BY ward ORDER BY 2 DESC, 1 LIMIT 2
SELECT id, age * 2 AS twice FROM visits ORDER BY age * 2, id
SELECT id FROM visits ORDER BY age NULLS FIRST, id
SELECT id FROM visits ORDER BY age + id DESC NULLS FIRST, id LIMIT 4
SELECT ward, max(age) AS m FROM visits GROUP BY ward ORDER BY sum(id) DESC, ward
SELECT DISTINCT ward FROM visits ORDER BY ward DESC
SELECT ward FROM visits UNION SELECT ward FROM wards ORDER BY ward LIMIT 3
SELECT id FROM (SELECT id, age FROM visits ORDER BY age DESC, id LIMIT 3) t ORDER BY id
""".strip().split("\n")


def value(found: object) -> object:
    """Return what is compared: a number to twelve digits."""
    if isinstance(found, Decimal | float) or (isinstance(found, int) and not isinstance(found, bool)):
        return float(f"{float(found):.12g}")
    return found


def compared(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [tuple(value(cell) for cell in row) for row in rows]


def in_some_order(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return sorted(rows, key=lambda row: [(cell is None, str(type(cell)), str(cell)) for cell in row])


Rows = Callable[[str, str], list[tuple[object, ...]]]


@pytest.mark.parametrize("text", QUERIES)
def test_rows_are_those_of_a_database(text: str, rows: Rows, database: duckdb.DuckDBPyConnection) -> None:
    wanted = in_some_order(compared(database.sql(text).fetchall()))
    assert in_some_order(compared(rows(text, "duckdb"))) == wanted


@pytest.mark.parametrize("text", QUERIES)
def test_frames_make_the_same_rows(text: str, rows: Rows, database: duckdb.DuckDBPyConnection) -> None:
    wanted = in_some_order(compared(database.sql(text).fetchall()))
    assert in_some_order(compared(rows(text, "pandas"))) == wanted


@pytest.mark.parametrize("text", ORDERED)
@pytest.mark.parametrize("platform", ["duckdb", "polars"])
def test_order_is_that_of_a_database(text: str, platform: str, rows: Rows, database: duckdb.DuckDBPyConnection) -> None:
    assert compared(rows(text, platform)) == compared(database.sql(text).fetchall())
