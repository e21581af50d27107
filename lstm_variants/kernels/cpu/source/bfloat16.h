// Terms of products: numbers, or pairs of numbers in bfloat16 where a processor multiplies these.
//
// A pair takes the place of one float. Its first number is in the lower half. Only the variants for
// calls in bfloat16 have pairs, whatever the compiler may use for others.
#pragma once

#include "stored.h"

#if defined(BFLOAT16_PRODUCTS)
#include <immintrin.h>
#endif

namespace ISA {

#if defined(BFLOAT16_PRODUCTS)
template <class T> constexpr int terms = sizeof(T) == sizeof(float) ? 2 : 1;
#else
template <class T> constexpr int terms = 1;
#endif

// How many places a sum of K terms takes: in matrix units, those of a whole number of tiles.
template <class T> constexpr int64_t places_of(int64_t K) {
#if defined(MATRIX_UNITS)
    constexpr int64_t at_once = lanes<T>;
#else
    constexpr int64_t at_once = 1;
#endif
    constexpr int64_t n = terms<T> * at_once;
    return (K + n - 1) / n * at_once;
}

// The terms at a place of a row, for each row; from numbers that follow one another in two rows.
template <class T> inline Vec<T> join(Vec<T> first, Vec<T> second) {
#if defined(BFLOAT16_PRODUCTS)
    if constexpr (terms<T> == 2) {
        const auto low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)first));
        const auto high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)second));
        return (Vec<T>)_mm512_or_si512(low, _mm512_slli_epi32(high, 16));
    }
#endif
    (void)second;
    return first;
}

// The terms at a place of each of two rows [N], or of one, from numbers that follow one another in them.
// A row that is null has zeros. Vector j of the rows.
template <class T, class Number>
inline Vec<T> join_rows(const Number* first, const Number* second, int64_t j, int64_t N) {
    const auto read = [&](const Number* row) { return row ? load<T>(row, j, N) : Vec<T>{}; };
#if defined(BFLOAT16_PRODUCTS)
    if constexpr (std::is_same_v<Number, BFloat16>) {
        using Bits = typename Types<T>::Bits;
        return (Vec<T>)((Bits)read(first) >> 16 | (Bits)read(second));
    }
#endif
    return join<T>(read(first), terms<T> == 2 ? read(second) : Vec<T>{});
}

// The terms of L places of a row of K numbers, from its vector `first` of terms on.
template <class T, class Number>
inline Vec<T> terms_of_row(const Number* row, int64_t first, int64_t K) {
#if defined(BFLOAT16_PRODUCTS)
    if constexpr (std::is_same_v<Number, BFloat16>) {
        constexpr int64_t n = 2 * lanes<T>;
        Vec<T> pairs{};
        const int64_t left = K - first * n;
        if (left >= n) std::memcpy(&pairs, row + first * n, sizeof pairs);
        else if (left > 0) std::memcpy(&pairs, row + first * n, left * sizeof(Number));
        return pairs;
    } else if constexpr (terms<T> == 2) {
        const Vec<T> low = load<T>(row, 2 * first, K), high = load<T>(row, 2 * first + 1, K);
        return (Vec<T>)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
    } else
#endif
        return load<T>(row, first, K);
}

// The terms at one place, for all lanes.
template <class T> inline Vec<T> all_terms(const T* place) {
#if defined(BFLOAT16_PRODUCTS)
    if constexpr (terms<T> == 2) {
        int32_t pair;
        std::memcpy(&pair, place, sizeof pair);
        return (Vec<T>)_mm512_set1_epi32(pair);
    }
#endif
    return all<T>(*place);
}

// sum + a b, or sum + a b + a' b' for pairs.
template <class T> inline Vec<T> add_product(Vec<T> sum, Vec<T> a, Vec<T> b) {
#if defined(BFLOAT16_PRODUCTS)
    if constexpr (terms<T> == 2)
        return (Vec<T>)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
#endif
    return sum + a * b;
}

}  // namespace ISA
