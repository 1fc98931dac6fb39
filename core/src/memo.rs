//! Values that are made once and kept until what they are made of changes.

use std::sync::{Arc, Weak};

/// The last value that was made, with all that it depends on.
#[derive(Debug, Clone)]
pub struct Memo<K, V> {
    last: Option<(K, V)>,
}

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self { last: None }
    }
}

impl<K: PartialEq, V> Memo<K, V> {
    /// The value for `key`; made now unless the last one was made for the same key.
    pub fn get_or_make(&mut self, key: K, make: impl FnOnce(&K) -> V) -> &mut V {
        let last = self.last.take().filter(|(known, _)| *known == key);
        let (_, value) = self.last.insert(last.unwrap_or_else(|| {
            let value = make(&key);
            (key, value)
        }));
        value
    }

    /// The last value, whatever it was made for.
    pub fn last(&self) -> Option<&V> {
        self.last.as_ref().map(|(_, value)| value)
    }

    pub fn clear(&mut self) {
        self.last = None;
    }
}

/// Stands for a shared value in a key: equal to itself alone, and not keeping it alive.
#[derive(Debug)]
pub struct Same<T: ?Sized>(Weak<T>);

impl<T: ?Sized> Same<T> {
    pub fn as_value(value: &Arc<T>) -> Self {
        Self(Arc::downgrade(value))
    }

    /// Whether it stands for this value.
    pub fn is(&self, value: &Arc<T>) -> bool {
        std::ptr::addr_eq(self.0.as_ptr(), Arc::as_ptr(value))
    }
}

impl<T: ?Sized> Clone for Same<T> {
    fn clone(&self) -> Self {
        Self(Weak::clone(&self.0))
    }
}

impl<T: ?Sized> PartialEq for Same<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.ptr_eq(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_for_each_key() {
        let mut memo = Memo::default();
        let mut made = 0;
        for (key, expected) in [(1, 1), (1, 1), (2, 2), (1, 3)] {
            let value = *memo.get_or_make(key, |_| {
                made += 1;
                made
            });
            assert_eq!(value, expected);
        }
        assert_eq!(memo.last(), Some(&3));
    }

    #[test]
    fn shared_values_are_told_apart_by_their_place() {
        let [one, other] = [(); 2].map(|()| Arc::new(7));
        assert!(Same::as_value(&one) == Same::as_value(&one));
        assert!(Same::as_value(&one) != Same::as_value(&other));
        assert!(Same::as_value(&one).is(&one) && !Same::as_value(&one).is(&other));
    }
}
