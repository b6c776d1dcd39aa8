#include "model/domain/domain.h"
#include "xml/grammar.h"

namespace virtue::model {

xml::Grammar domain_grammar() {
    xml::Options options;
    // With what only a running guest has.
    options.inactive = false;
    return xml::grammar<Domain>(options);
}

}  // namespace virtue::model
