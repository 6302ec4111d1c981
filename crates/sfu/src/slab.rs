//! Things by a number that is never used twice, found without hashing.

/// Keys are a place (low 32 bits) and how often it was used before (high 32 bits).
#[derive(Debug)]
pub(crate) struct Slab<T> {
    places: Vec<Place<T>>,
    free: Vec<u32>,
    len: usize,
}

#[derive(Debug)]
struct Place<T> {
    uses: u32,
    value: Option<T>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new(), len: 0 }
    }
}

impl<T> Slab<T> {
    /// Puts in what `make` builds from its key.
    pub fn insert_with(&mut self, make: impl FnOnce(u64) -> T) -> u64 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place { uses: 0, value: None });
            self.places.len() as u32 - 1
        });
        let place = &mut self.places[index as usize];
        let key = u64::from(place.uses) << 32 | u64::from(index);
        place.value = Some(make(key));
        self.len += 1;
        key
    }

    pub fn get(&self, key: u64) -> Option<&T> {
        let place = self.places.get(key as u32 as usize)?;
        place.value.as_ref().filter(|_| u64::from(place.uses) == key >> 32)
    }

    pub fn get_mut(&mut self, key: u64) -> Option<&mut T> {
        let place = self.places.get_mut(key as u32 as usize)?;
        place.value.as_mut().filter(|_| u64::from(place.uses) == key >> 32)
    }

    pub fn remove(&mut self, key: u64) -> Option<T> {
        self.get(key)?;
        let place = self.places.get_mut(key as u32 as usize)?;
        place.uses = place.uses.wrapping_add(1);
        self.free.push(key as u32);
        self.len -= 1;
        place.value.take()
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// How many places there are, free ones included.
    pub fn places(&self) -> usize {
        self.places.len()
    }

    /// What is at a place, and its key.
    pub fn at_place(&mut self, index: usize) -> Option<(u64, &mut T)> {
        let place = self.places.get_mut(index)?;
        let key = u64::from(place.uses) << 32 | index as u64;
        Some((key, place.value.as_mut()?))
    }

    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        self.places.iter().enumerate().filter_map(|(index, place)| {
            let key = u64::from(place.uses) << 32 | index as u64;
            Some((key, place.value.as_ref()?))
        })
    }

    pub fn keys(&self) -> Vec<u64> {
        self.iter().map(|(key, _)| key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_used_twice() {
        let mut slab = Slab::default();
        let a = slab.insert_with(|_| 'a');
        let b = slab.insert_with(|_| 'b');
        assert_eq!(slab.remove(a), Some('a'));
        assert_eq!(slab.remove(a), None);
        let c = slab.insert_with(|_| 'c');
        assert_ne!(a, c);
        assert_eq!((slab.get(a), slab.get(b), slab.get(c)), (None, Some(&'b'), Some(&'c')));
        assert_eq!((slab.len(), slab.keys().len()), (2, 2));
        assert_eq!(slab.places(), 2);
        assert_eq!(slab.at_place(0), Some((c, &mut 'c')));
        assert_eq!(slab.at_place(2), None);
    }
}
