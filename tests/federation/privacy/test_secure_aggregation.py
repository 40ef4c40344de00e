from __future__ import annotations

from fractions import Fraction

import msgspec
import numpy as np
import pytest
from secure_rounds import STAGES, play, session

from jupyter_wayang.errors import DisclosureError, OperatorError, SiteError, WireError
from jupyter_wayang.federation.privacy import ciphers, fixed_point, shamir
from jupyter_wayang.federation.privacy import secure_aggregation as coordinator
from jupyter_wayang.federation.privacy import secure_site as site
from jupyter_wayang.plan.privacy import Reveal, SecureAggregation
from jupyter_wayang.platforms.randomness import SECURE

SITES = range(3, 21)


def extreme(count, seed=0, length=5):
    """Vectors with values from tiny to huge, of sites with one row and sites with millions."""
    draws = np.random.default_rng(seed)
    sizes = 10.0 ** draws.uniform(-3, 9, size=(count, length))
    signs = draws.choice([-1.0, 1.0], size=(count, length))
    weights = [1, 10_000_000, 3, 2**20 + 1]
    return {f"s{k}": (signs[k] * sizes[k], weights[k % len(weights)]) for k in range(count)}


def plain(vectors, names):
    """The weighted sum in fractions: no rounding anywhere."""
    rows = [[Fraction(value) * weight for value in values.tolist()] for values, weight in map(vectors.get, names)]
    return [sum(column) for column in zip(*rows, strict=True)]


def summed(made):
    return [Fraction(value, fixed_point.UNIT) for value in fixed_point.integers(made.total())]


@pytest.mark.parametrize("count", SITES)
def test_the_sum_is_the_plain_sum_to_the_last_bit(count):
    vectors = extreme(count)
    assert summed(play(session(count, 5), vectors)) == plain(vectors, vectors)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("count", SITES)
def test_as_many_sites_as_may_drop_out_at_any_stage(count, stage):
    chosen = session(count, 5)
    lost = set(chosen.sites[1::2][: count - chosen.threshold])
    vectors = extreme(count, seed=count)
    made = play(chosen, vectors, gone=lambda at, name: at == stage and name in lost)
    # Who dropped out after its vector arrived is still counted.
    counted = [name for name in chosen.sites if stage == "reveal" or name not in lost]
    assert summed(made) == plain(vectors, counted)


@pytest.mark.parametrize("seed", range(6))
def test_sites_that_drop_out_at_different_stages(seed):
    chosen = session(11, 5)
    draws = np.random.default_rng(seed)
    lost = dict(zip(draws.permutation(chosen.sites)[:5].tolist(), draws.choice(STAGES, 5).tolist(), strict=True))
    vectors = extreme(11, seed)
    made = play(chosen, vectors, gone=lambda at, name: lost.get(name) == at)
    assert summed(made) == plain(vectors, [n for n in chosen.sites if lost.get(n, "reveal") == "reveal"])


@pytest.mark.parametrize("stage", STAGES)
def test_one_dropout_more_ends_the_sum(stage):
    chosen = session(7)
    lost = set(chosen.sites[: 7 - chosen.threshold + 1])
    with pytest.raises(SiteError, match=r"3 of 7 sites .* needs 4"):
        play(chosen, extreme(7, length=3), gone=lambda at, name: at == stage and name in lost).total()


def test_the_coordinator_is_sent_no_vector_and_no_secret():
    chosen = session(5)
    vectors = extreme(5, length=3)
    made = play(chosen, vectors, gone=lambda at, name: at == "mask" and name == "s3")
    seen = made.seen()
    for name, member in made.members.items():
        words = fixed_point.encoded(*vectors[name], 5)
        for value in (vectors[name][0].tobytes(), *(words[at].tobytes() for at in range(3))):
            assert value not in seen, name
        # The coordinator joins secrets of shares; no site sends one.
        for secret in (member.sealing, member.masking, member.seed):
            assert secret not in seen, name
    assert np.array(vectors["s3"][0]).tobytes() not in seen


def test_what_the_coordinator_can_join_opens_no_vector():
    chosen = session(5)
    vectors = extreme(5, length=3)
    made = play(chosen, vectors, gone=lambda at, name: at == "mask" and name == "s3")
    for name, sent in made.arrived.items():
        words = fixed_point.from_bytes(sent.words)
        # All that is known of a site: its own mask, and its mask with the one that dropped out.
        words = fixed_point.added(words, fixed_point.negated(site.mask_of_seed(chosen, made.members[name].seed)))
        gone = made.members["s3"].masking
        words = fixed_point.added(words, site.mask_with(chosen, "s3", gone, name, made.keys[name].masking))
        assert not set(fixed_point.integers(words)) & set(fixed_point.integers(fixed_point.encoded(*vectors[name], 5)))
    assert summed(made) == plain(vectors, ["s0", "s1", "s2", "s4"])


def test_masked_words_look_like_any_others():
    chosen = session(3, length=4000)
    zeros = {name: (np.zeros(4000), 1) for name in chosen.sites}
    made = play(chosen, zeros)
    bits = np.unpackbits(np.frombuffer(made.arrived["s0"].words, dtype=np.uint8))
    # 512,000 fair coins: six standard deviations are 0.0042.
    assert abs(bits.mean() - 0.5) < 0.0042
    assert fixed_point.integers(made.total()) == [0] * 4000


def test_a_site_does_not_tell_both_secrets_of_one():
    chosen = session(5)
    made = play(chosen, extreme(5, length=3), until="mask")
    asked = Reveal(session=chosen.name, arrived=chosen.sites, dropped=("s2",))
    with pytest.raises(DisclosureError, match="s0 does not tell both secrets of s2"):
        site.revealed(made.members["s0"], asked)


def test_a_site_does_not_answer_a_second_question_about_the_same_sum():
    chosen = session(5)
    made = play(chosen, extreme(5, length=3))
    other = Reveal(session=chosen.name, arrived=("s0", "s1", "s3", "s4"), dropped=("s2",))
    with pytest.raises(WireError, match="s0 is asked twice"):
        site.revealed(made.members["s0"], other)


def test_two_halves_that_are_told_different_stories_tell_one_secret_only():
    # Six sites, threshold four: no two groups of four are apart, so one of the two secrets stays short of shares.
    chosen = session(6)
    made = play(chosen, extreme(6, length=3), until="mask")
    seeds = keys = 0
    for name in chosen.sites:
        told_dropped = name in ("s3", "s4", "s5")
        arrived = tuple(n for n in chosen.sites if n != "s1") if told_dropped else chosen.sites
        asked = Reveal(session=chosen.name, arrived=arrived, dropped=("s1",) if told_dropped else ())
        _, told = site.revealed(made.members[name], asked)
        seeds, keys = seeds + ("s1" in dict(told.seeds)), keys + ("s1" in dict(told.keys))
    assert max(seeds, keys) < chosen.threshold


def test_sites_are_asked_about_those_they_masked_with():
    made = play(session(5), extreme(5, length=3), until="mask")
    for arrived, dropped in ((("s0", "s1", "s2", "s3"), ()), (("s1", "s2", "s3", "s4"), ("s0",))):
        asked = Reveal(session=made.session.name, arrived=arrived, dropped=dropped)
        with pytest.raises(DisclosureError, match="other sites than those it masked"):
            site.revealed(made.members["s0"], asked)


def test_a_sum_of_two_is_not_revealed():
    chosen = session(4)
    made = play(chosen, extreme(4, length=3), until="mask")
    asked = Reveal(session=chosen.name, arrived=("s0", "s1"), dropped=("s2", "s3"))
    with pytest.raises(SiteError, match="2 of 4 sites"):
        site.revealed(made.members["s0"], asked)


def test_boxes_of_another_round_are_not_opened():
    chosen, earlier = session(3), session(3, name="run, round 0")
    before, now = (play(one, {}, until="share") for one in (earlier, chosen))
    replayed = coordinator.inboxes(earlier, before.shared)["s0"]
    with pytest.raises(WireError, match="another round, or of other keys"):
        site.masked(now.members["s0"], replayed, np.zeros((3, 2), dtype=np.uint64))


def test_messages_of_another_round_are_refused():
    chosen, earlier = session(3), session(3, name="run, round 0")
    vectors = extreme(3, length=3)
    before, now = play(earlier, vectors), play(chosen, vectors)
    with pytest.raises(WireError, match="what came from s0 belongs to another round"):
        coordinator.keyring(chosen, before.keys)
    with pytest.raises(WireError, match="another round"):
        coordinator.inboxes(chosen, before.shared)
    with pytest.raises(WireError, match="another round"):
        coordinator.reveal(chosen, now.shared, before.arrived)
    with pytest.raises(WireError, match="another round"):
        coordinator.unmasked(chosen, now.keys, now.shared, now.arrived, before.told)


def test_wrong_keys_are_refused():
    chosen = session(3)
    members, keys = zip(*(site.advertise(chosen, name) for name in chosen.sites), strict=True)
    known = dict(zip(chosen.sites, keys, strict=True))
    with pytest.raises(WireError, match="the keys that are said to be those of s0 are not"):
        site.share(members[0], {**known, "s0": keys[1]})
    with pytest.raises(WireError, match="two sites of a secure sum have the same key"):
        site.share(members[0], {**known, "s2": keys[1]})
    with pytest.raises(WireError, match="not one of X25519"):
        site.share(members[0], {**known, "s1": msgspec.structs.replace(keys[1], sealing=bytes(32))})
    with pytest.raises(WireError, match="x takes no part"):
        site.share(members[0], {**known, "x": keys[1]})


def test_shares_that_were_changed_are_seen():
    made = play(session(5), extreme(5, length=3), gone=lambda at, name: at == "mask" and name == "s3")
    told = made.told["s0"]
    wrong = ("s1", bytes(shamir.SHARE_BYTES))
    seeds = tuple(wrong if name == "s1" else (name, share) for name, share in told.seeds)
    made.told["s0"] = msgspec.structs.replace(told, seeds=seeds)
    with pytest.raises(WireError, match=r"shares of the seed of s1 do not|do not belong together"):
        made.total()
    keys = (("s3", bytes(shamir.SHARE_BYTES)),)
    made.told["s0"] = msgspec.structs.replace(told, keys=keys)
    with pytest.raises(WireError, match=r"shares of the key of s3 do not|do not belong together"):
        made.total()


def test_a_step_is_taken_once_and_in_order():
    made = play(session(3), extreme(3, length=3), until="mask")
    member = made.members["s0"]
    with pytest.raises(WireError, match="asked twice, or out of order"):
        site.share(member, made.keys)
    with pytest.raises(WireError, match="asked twice, or out of order"):
        site.masked(member, {}, np.zeros((3, 2), dtype=np.uint64))


def test_too_few_sites_are_refused_before_anything_is_sent():
    with pytest.raises(OperatorError, match="needs 3 sites or more, and there are 2"):
        session(2)
    with pytest.raises(OperatorError, match="between 4 and 6, not 3"):
        session(6, threshold=3)
    with pytest.raises(OperatorError, match="threshold must be 3 or more"):
        SecureAggregation(threshold=2)


@pytest.mark.parametrize("value", [np.inf, np.nan, 4e18, -1e300])
def test_what_a_sum_cannot_hold_is_refused_and_not_said(value):
    with pytest.raises(OperatorError, match="a sum of 3 cannot hold") as caught:
        fixed_point.encoded(np.array([0.0, value]), 1, 3)
    assert f"{value:.3e}" not in caught.value.render()


def test_a_weight_counts_towards_the_range():
    most = 2.0**63 / 4
    assert fixed_point.encoded(np.array([most / 2**20]), 2**19, 4).shape == (1, 2)
    with pytest.raises(OperatorError):
        fixed_point.encoded(np.array([most / 2**20]), 2**20 + 1, 4)


def test_a_full_range_does_not_wrap():
    values = np.array([2.0**61, -(2.0**61)]) * 0.999
    total = fixed_point.total([fixed_point.encoded(values, 1, 4)] * 4, 2)
    assert [value / fixed_point.UNIT for value in fixed_point.integers(total)] == (4 * values).tolist()


def test_any_threshold_of_shares_joins_and_fewer_do_not():
    secret = SECURE(32)
    shares = shamir.split(secret, 3, 5, SECURE)
    assert len(set(shares)) == 5
    for chosen in ((1, 2, 3), (5, 3, 1), (2, 4, 5), (1, 2, 3, 4, 5)):
        assert shamir.joined({x: shares[x - 1] for x in chosen}) == secret
    # Two shares fit every secret: each is as good as another.
    slope = (_number(shares[3]) - _number(shares[1])) * pow(2, -1, shamir.PRIME)
    assert (_number(shares[1]) - 2 * slope) % shamir.PRIME != _number(secret)


def _number(share):
    return int.from_bytes(share, "little")


def test_the_field_is_one():
    # Fermat's test to forty bases: what passes and is no prime has never been met.
    assert all(pow(base, shamir.PRIME - 1, shamir.PRIME) == 1 for base in range(2, 42))
    assert shamir.PRIME > 2**256


def test_the_stream_is_chacha20():
    # RFC 8439, appendix A.1, test vector 1: key and nonce of zeros.
    words = ciphers.mask(bytes(32), 4)
    assert (
        fixed_point.to_bytes(words).hex().startswith("76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7")
    )
