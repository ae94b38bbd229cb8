/** Tests against upstream's fully populated objects. */
@NullMarked
package dev.nacelle.apiserver.protobuf;

import org.jspecify.annotations.NullMarked;
