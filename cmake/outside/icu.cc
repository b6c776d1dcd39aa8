// Stands in for ICU, which Debian's libxml2 asks for encodings that neither it nor iconv knows, of 31 MB of tables.
// There is none that a definition would be written in: such a text is refused as one of unknown encoding. Release only.

#define WITH_VERSION(name, version) name##_##version
#define EXPAND(name, version) WITH_VERSION(name, version)
#define NAME(name) EXPAND(name, ICU_VERSION)

extern "C" {

// The second argument is ICU's status; 4 says that a file is not there.
void* NAME(ucnv_open)(const char*, int* status) {
    *status = 4;
    return nullptr;
}

// Without a converter nobody gets to these.
void NAME(ucnv_close)(void*) {}
void NAME(ucnv_convertEx)() {}
void NAME(ucnv_setFromUCallBack)() {}
void NAME(ucnv_setToUCallBack)() {}
void NAME(UCNV_FROM_U_CALLBACK_STOP)() {}
void NAME(UCNV_TO_U_CALLBACK_STOP)() {}
}
