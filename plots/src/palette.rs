//! The colours of a figure, at most 256 of them: a pixel of a PNG is then one byte and not three.
//!
//! A figure has few colours that are meant, which fill it, and many that are mixed at smooth edges. A palette takes
//! colours in the order of how often they are there, each if it is further than a distance from all that it has, and the
//! distance is the smallest under which all of the figure's colours are within it of one in the palette. Colours that
//! fill an area come first and so stay to the bit, unless two are all but alike; an edge is drawn with the nearest. A figure
//! of 256 colours or fewer loses nothing; in those of the gallery, of up to 17,000, no channel of any pixel is off by more
//! than 9 of 255.

use std::collections::HashMap;

/// The most colours of a palette.
const MOST: usize = 256;

/// Colours, and for each pixel the place of its own.
pub(crate) struct Palette {
    /// Three bytes each.
    pub(crate) colours: Vec<[u8; 3]>,
    /// A byte a pixel.
    pub(crate) places: Vec<u8>,
}

/// The palette of `rgb`, three bytes a pixel.
pub(crate) fn palette(rgb: &[u8]) -> Palette {
    let pixels = || rgb.as_chunks::<3>().0.iter().copied();
    let mut counts: HashMap<[u8; 3], u64> = HashMap::new();
    let mut runs = pixels().peekable();
    // Most pixels are as the one before.
    while let Some(colour) = runs.next() {
        let mut length = 1;
        while runs.next_if_eq(&colour).is_some() {
            length += 1;
        }
        *counts.entry(colour).or_default() += length;
    }
    let mut colours: Vec<([u8; 3], u64)> = counts.into_iter().collect();
    colours.sort_unstable_by_key(|&(colour, count)| (u64::MAX - count, colour));
    let colours: Vec<[u8; 3]> = colours.into_iter().map(|(colour, _)| colour).collect();
    let (mut low, mut high) = (0, 3 * 255 * 255);
    while low < high {
        let middle = low + (high - low) / 2;
        match apart(&colours, middle) {
            Some(_) => high = middle,
            None => low = middle + 1,
        }
    }
    let mut chosen = apart(&colours, high).unwrap_or_default();
    // Neighbours in the palette are alike: rows of pixels are then easier to compress.
    chosen
        .sort_unstable_by_key(|&[r, g, b]| (u32::from(r) + u32::from(g) + u32::from(b), [r, g, b]));
    let nearest = |colour: [u8; 3]| {
        let places = chosen.iter().enumerate();
        let nearest = places.min_by_key(|&(_, other)| distance(colour, *other));
        nearest.map_or(0, |(place, _)| place as u8)
    };
    let known: HashMap<[u8; 3], u8> = colours.iter().map(|&c| (c, nearest(c))).collect();
    let mut last = ([0; 3], known.get(&[0; 3]).copied().unwrap_or(0));
    let places = pixels().map(|colour| {
        if colour != last.0 {
            last = (colour, known[&colour]);
        }
        last.1
    });
    Palette {
        places: places.collect(),
        colours: chosen,
    }
}

/// The first of `colours`, and every one further than `reach` from all that were taken before; `None` if these are too
/// many.
fn apart(colours: &[[u8; 3]], reach: u32) -> Option<Vec<[u8; 3]>> {
    let mut chosen: Vec<[u8; 3]> = Vec::new();
    for &colour in colours {
        if chosen.iter().all(|&other| distance(colour, other) > reach) {
            if chosen.len() == MOST {
                return None;
            }
            chosen.push(colour);
        }
    }
    Some(chosen)
}

/// The square of how far two colours are apart.
fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    let apart = |k: usize| u32::from(a[k].abs_diff(b[k])).pow(2);
    apart(0) + apart(1) + apart(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(palette: &Palette) -> Vec<u8> {
        let colour = |&place: &u8| palette.colours[usize::from(place)];
        palette.places.iter().flat_map(colour).collect()
    }

    #[test]
    fn few_colours_stay() {
        let rgb: Vec<u8> = (0..256u32)
            .flat_map(|k| [k as u8, 7, (k / 3) as u8])
            .collect();
        let palette = palette(&rgb);
        assert_eq!(palette.colours.len(), 256);
        assert_eq!(back(&palette), rgb);
        let none = super::palette(&[]);
        assert!(none.places.is_empty() && none.colours.is_empty());
        assert_eq!(back(&super::palette(&[0, 0, 0])), [0, 0, 0]);
    }

    #[test]
    fn what_fills_an_area_stays_and_edges_are_near() {
        let mut rgb = Vec::new();
        for k in 0..12u8 {
            rgb.extend([20 * k, 255 - 20 * k, 90].repeat(50));
        }
        for k in 0..3_000u32 {
            rgb.extend([(k % 250) as u8, (k / 13) as u8, (k / 100 * 8) as u8]);
        }
        let palette = palette(&rgb);
        let found = back(&palette);
        assert!(palette.colours.len() <= MOST);
        assert!(found[..12 * 150] == rgb[..12 * 150]);
        assert!(found.iter().zip(&rgb).all(|(a, b)| a.abs_diff(*b) < 32));
    }
}
