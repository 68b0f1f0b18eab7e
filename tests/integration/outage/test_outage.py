"""The short form: each kind of outage once, and a spool that gets full (DB-7, DB-8)."""
import unittest

import nodes
import outages
import schedule

MIB = 1 << 20


class Outages(unittest.TestCase):
    def rehearse(self, **more):
        stage = schedule.Rehearsal(nodes.SEED, **more)
        self.addCleanup(stage.__exit__)
        print(f"\n  ROOST_SEED={nodes.SEED}", flush=True)
        return stage.__enter__()

    def test_DB_7_each_kind_of_outage_under_load_loses_and_doubles_nothing(self):
        stage = self.rehearse(lines=(20, 100))
        stage.rest(1, 2)
        stage.watch.begin()
        for number, kind in enumerate(outages.kinds(stage.server)):
            stage.outage(kind, (0.3, 0.8), kill=number % 2 == 1)
        stage.settle()
        wrong = stage.judge()
        print("\n".join("  " + line for line in stage.figures()), flush=True)
        self.assertEqual(wrong, [], "\n".join(wrong))

    def test_DB_8_a_full_spool_stays_within_its_bounds_and_works_again(self):
        stage = self.rehearse(memory=2 * MIB, spool=1 * MIB, bulk=0.12, lines=(20, 100))
        stage.rest(1, 2)
        stage.watch.begin()
        wrong = stage.fill_spool()
        print("\n".join("  " + line for line in stage.caps()), flush=True)
        self.assertEqual(wrong, [], "\n".join(wrong))
