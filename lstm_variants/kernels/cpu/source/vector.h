// Vectors of one instruction set's width.
//
// Uses the vector extensions of GCC and Clang: one source for all instruction sets.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

namespace ISA {

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
#if defined(MATRIX_UNITS)
constexpr int max_rows = 32, panel_vectors = 2;  // 4 tiles of sums, 2 of factors, 2 of weights
#else
constexpr int max_rows = 8;  // with panel_vectors = 3: 24 sums, 3 weights, 1 factor
#endif
#elif defined(__AVX__)
constexpr int vector_bytes = 32;
constexpr int max_rows = 4;  // 12 sums, 3 weights, 1 factor: all 16 registers
#elif defined(__aarch64__)
constexpr int vector_bytes = 16;
constexpr int max_rows = 8;
#else
constexpr int vector_bytes = 16;
constexpr int max_rows = 4;
#endif
#if !defined(MATRIX_UNITS)
constexpr int panel_vectors = 3;
#endif

template <class T> struct Types;
template <> struct Types<float> {
    typedef float Vec __attribute__((vector_size(vector_bytes)));
    typedef uint32_t Bits __attribute__((vector_size(vector_bytes)));
};
template <> struct Types<double> {
    typedef double Vec __attribute__((vector_size(vector_bytes)));
    typedef uint64_t Bits __attribute__((vector_size(vector_bytes)));
};
template <class T> using Vec = typename Types<T>::Vec;
template <class T> constexpr int lanes = vector_bytes / sizeof(T);

// memcpy, since rows need not be aligned.
template <class T> inline Vec<T> load(const T* from) {
    Vec<T> v;
    std::memcpy(&v, from, sizeof v);
    return v;
}
template <class T> inline void store(T* to, Vec<T> v) { std::memcpy(to, &v, sizeof v); }

// Vector j of a row of H numbers; zero past the end.
template <class T> inline Vec<T> load(const T* row, int64_t j, int64_t H) {
    const int64_t left = H - j * lanes<T>;
    if (left >= lanes<T>) return load<T>(row + j * lanes<T>);
    Vec<T> v{};
    if (left > 0) std::memcpy(&v, row + j * lanes<T>, left * sizeof(T));
    return v;
}
template <class T> inline void store(T* row, int64_t j, int64_t H, Vec<T> v) {
    const int64_t left = H - j * lanes<T>;
    if (left >= lanes<T>) store<T>(row + j * lanes<T>, v);
    else if (left > 0) std::memcpy(row + j * lanes<T>, &v, left * sizeof(T));
}

// The lanes of a where `distance` is not in their number, and those of b moved up by it elsewhere; or
// the lanes of b where it is, and those of a moved down.
template <bool upper, class T, int distance, int... lane>
inline Vec<T> exchange(Vec<T> a, Vec<T> b, std::integer_sequence<int, lane...>) {
    constexpr int L = lanes<T>;
    constexpr auto from = [](int n) {
        if (upper) return n & distance ? L + n : n + distance;
        return n & distance ? L + n - distance : n;
    };
#if defined(__clang__)
    return __builtin_shufflevector(a, b, from(lane)...);
#else
    return __builtin_shuffle(a, b, typename Types<T>::Bits{from(lane)...});
#endif
}

// Turns rows into columns, by exchanging parts of two rows at a time.
template <class T, int distance = 1> inline void transpose(Vec<T> (&rows)[lanes<T>]) {
    constexpr auto all_lanes = std::make_integer_sequence<int, lanes<T>>{};
    if constexpr (distance < lanes<T>) {
#pragma GCC unroll 16
        for (int k = 0; k < lanes<T>; k++)
            if (!(k & distance)) {
                const Vec<T> a = rows[k], b = rows[k + distance];
                rows[k] = exchange<false, T, distance>(a, b, all_lanes);
                rows[k + distance] = exchange<true, T, distance>(a, b, all_lanes);
            }
        transpose<T, 2 * distance>(rows);
    }
}

// x - 0 is x for every x, and compiles to nothing; x + 0 turns -0 into 0, and compiles to that.
template <class T> inline Vec<T> all(T x) { return x - Vec<T>{}; }

}  // namespace ISA
