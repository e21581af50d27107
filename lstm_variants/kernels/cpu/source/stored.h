// How the tensors of a call hold their numbers: in the variants for calls in bfloat16 as that, else as
// they are computed.
//
// Weights, inputs, outputs, states and their gradients are stored, and so are copies of them. Gates and
// cell states that the forward pass keeps, and all else that lies between, are computed.
#pragma once

#include <algorithm>
#include <type_traits>

#include "vector.h"

namespace ISA {

#if defined(BFLOAT16_PRODUCTS)

// The upper half of a float.
struct BFloat16 {
    uint16_t bits;

    BFloat16() = default;
    BFloat16(float x);
    operator float() const;
};

typedef uint16_t Halves __attribute__((vector_size(vector_bytes / 2)));

inline Vec<float> widened(Halves x) {
    return (Vec<float>)(__builtin_convertvector(x, Types<float>::Bits) << 16);
}
// To the nearest number, or the even one of two. The processor's instruction flushes subnormals.
inline Halves rounded(Vec<float> x) {
    using Bits = Types<float>::Bits;
    const Bits bits = (Bits)x, nearest = bits + 0x7fff + (bits >> 16 & 1);
    const Bits quiet_nan = bits | 0x400000;  // rounding could turn it into infinity
    return __builtin_convertvector((x != x ? quiet_nan : nearest) >> 16, Halves);
}

// Vector j of a row of H numbers, as in vector.h.
template <class T> inline Vec<T> load(const BFloat16* from) {
    Halves x;
    std::memcpy(&x, from, sizeof x);
    return widened(x);
}
template <class T> inline Vec<T> load(const BFloat16* row, int64_t j, int64_t H) {
    const int64_t left = H - j * lanes<T>;
    if (left >= lanes<T>) return load<T>(row + j * lanes<T>);
    Halves x{};
    if (left > 0) std::memcpy(&x, row + j * lanes<T>, left * sizeof(BFloat16));
    return widened(x);
}
template <class T> inline void store(BFloat16* to, Vec<T> v) {
    const Halves x = rounded(v);
    std::memcpy(&to->bits, &x, sizeof x);
}
template <class T> inline void store(BFloat16* row, int64_t j, int64_t H, Vec<T> v) {
    const Halves x = rounded(v);
    const int64_t left = std::min<int64_t>(H - j * lanes<T>, lanes<T>);
    if (left > 0) std::memcpy(&row[j * lanes<T>].bits, &x, left * sizeof(BFloat16));
}

inline BFloat16::BFloat16(float x) : bits(rounded(Vec<float>{} + x)[0]) {}
inline BFloat16::operator float() const { return widened(Halves{} + bits)[0]; }

template <class T> using Stored = std::conditional_t<std::is_same_v<T, float>, BFloat16, T>;

#else

template <class T> using Stored = T;

#endif

// n numbers, of which some are stored and others computed.
template <class T, class From, class To> void copy_numbers(const From* from, int64_t n, To* to) {
    for (int64_t j = 0; j * lanes<T> < n; j++) store<T>(to, j, n, load<T>(from, j, n));
}

}  // namespace ISA
