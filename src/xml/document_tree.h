// What a Document owns; for the files of src/xml that build documents.
#pragma once
#include "xml/document.h"

struct _xmlDoc;

namespace virtue::xml {

struct Document::Owned {
    explicit Owned(_xmlDoc* d) : doc(d) {}
    ~Owned();
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
    _xmlDoc* doc;
};

}  // namespace virtue::xml
