//! Measurements as they are kept: the spread of each figure over the rounds, not every round.

use serde_json::{Map, Value};

use crate::Spread;

/// Lists become spreads: of numbers one, of records one for each field. Everything else stays.
pub(crate) fn condense(value: Value) -> Value {
    match value {
        Value::Array(rounds) => condense_rounds(rounds),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, it)| (name, condense(it))).collect()
        }
        other => other,
    }
}

fn condense_rounds(rounds: Vec<Value>) -> Value {
    let numbers: Option<Vec<f64>> = rounds.iter().map(Value::as_f64).collect();
    if let Some(numbers) = numbers {
        let count = numbers.len();
        let spread = serde_json::to_value(Spread::of(numbers)).unwrap_or_default();
        return match spread {
            Value::Object(mut fields) => {
                fields.insert("rounds".to_owned(), count.into());
                Value::Object(fields)
            }
            none => none,
        };
    }
    let mut columns = Map::new();
    for round in &rounds {
        // Rounds are records of one type, or their field would have no name to stand under.
        let Value::Object(fields) = round else { return Value::Array(rounds) };
        for (name, value) in fields {
            let column = columns.entry(name).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(column) = column {
                column.push(value.clone());
            }
        }
    }
    condense(Value::Object(columns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rounds_become_spreads() {
        let spread = |least: f64, median: f64, most: f64| {
            json!({"least": least, "lower_quartile": median, "median": median,
                "upper_quartile": most, "most": most, "rounds": 3})
        };
        assert_eq!(
            condense(json!([3, 1, 2.5])),
            json!({"least": 1.0, "lower_quartile": 2.5,
            "median": 2.5, "upper_quartile": 3.0, "most": 3.0, "rounds": 3})
        );
        let rounds =
            json!([{"a": 1, "b": {"c": 5}}, {"a": 2, "b": {"c": 6}}, {"a": 3, "b": {"c": 7}}]);
        let expected = json!({"a": spread(1.0, 2.0, 3.0), "b": {"c": spread(5.0, 6.0, 7.0)}});
        assert_eq!(condense(rounds), expected);
    }

    #[test]
    fn what_is_no_list_stays() {
        for value in [json!(null), json!("too slow"), json!({"median": 1.5}), json!(["a", "b"])] {
            assert_eq!(condense(value.clone()), value);
        }
    }
}
