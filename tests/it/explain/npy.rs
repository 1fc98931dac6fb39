//! Files that `numpy.load` reads.

use glasstree::npy;

/// The header as NumPy 2 writes it for the same arrays.
#[test]
fn headers_are_numpys() {
    for (shape, tuple) in
        [(&[][..], "()"), (&[4], "(4,)"), (&[2, 3], "(2, 3)"), (&[3, 0, 224], "(3, 0, 224)")]
    {
        let data: Vec<f32> = (0..shape.iter().product()).map(|i| i as f32 - 1.5).collect();
        let bytes = npy::to_bytes(shape, &data).unwrap();
        assert_eq!(bytes[..8], *b"\x93NUMPY\x01\x00");
        let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let (header, numbers) = bytes[10..].split_at(length);
        assert_eq!((10 + length) % 64, 0, "aligned");
        let text = std::str::from_utf8(header).unwrap();
        let dictionary = text.strip_suffix('\n').unwrap().trim_end();
        let expected = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple}, }}");
        assert_eq!(dictionary, expected);
        let read: Vec<f32> =
            numbers.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        assert_eq!(read, data);
        assert_eq!(numbers.len(), 4 * data.len());
    }
}

#[test]
fn a_wrong_shape_is_an_error_and_writes_nothing() {
    let mut out = Vec::new();
    for shape in [&[2, 2][..], &[], &[usize::MAX, 2], &[0]] {
        assert!(npy::write(&mut out, shape, &[1.0, 2.0, 3.0]).is_err());
    }
    assert!(out.is_empty());
    let error = npy::to_bytes(&[7, 7], &[0.0; 48]).unwrap_err();
    assert_eq!(error.to_string(), "48 numbers do not fill the shape [7, 7]");
}
