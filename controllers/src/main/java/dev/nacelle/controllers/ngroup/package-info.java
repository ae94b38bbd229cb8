/**
 * Container groups made from profiles. Start at {@link dev.nacelle.controllers.ngroup.NGroupPlan};
 * revisions of profiles are in {@link dev.nacelle.controllers.ngroup.ProfilePlan}.
 */
@NullMarked
package dev.nacelle.controllers.ngroup;

import org.jspecify.annotations.NullMarked;
