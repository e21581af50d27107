// What is read of DLPack 1: a tensor, and the functions with which a library of tensors offers its own.
// Without the owner of a tensor: memory and shape are valid as long as the object of Python lives.
#pragma once

#include <cstdint>

struct DLDataType {
    uint8_t code, bits;
    uint16_t lanes;
};
enum DLDataTypeCode : uint8_t { dl_int = 0, dl_float = 2, dl_bfloat = 4, dl_bool = 6 };

struct DLTensor {
    void* data;
    int32_t device_type, device_id;
    int32_t ndim;
    DLDataType dtype;
    int64_t* shape;
    int64_t* strides;  // in elements
    uint64_t byte_offset;
};
constexpr int32_t dl_cpu = 1;

// In a capsule of Python, of this name.
constexpr const char* dl_exchange_api_name = "dlpack_exchange_api";
struct DLPackExchangeAPI {
    uint32_t major, minor;
    void* older;
    void* allocate;
    void* owner_of_object;
    void* object_of_owner;
    int (*tensor_of_object)(void* object, DLTensor* tensor);  // may be null
    void* current_stream;
};
