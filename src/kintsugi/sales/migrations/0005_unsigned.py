"""Returns that a receipt opens: of goods that nobody signed for."""

from django.db import migrations, models

from kintsugi.core.migrating import Together


class Migration(Together):
    dependencies = [
        ("identity", "0031_matrix"),
        ("parties", "0004_merges"),
        ("sales", "0004_receivables"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="return",
            name="return_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="return",
            name="return_reason_known",
        ),
        migrations.RemoveConstraint(
            model_name="returnline",
            name="return_decision_says_why",
        ),
        migrations.AlterField(
            model_name="return",
            name="kind",
            field=models.CharField(
                choices=[
                    ("refund", "refund"),
                    ("exchange", "exchange"),
                    ("repair", "repair"),
                    ("scrap", "scrap"),
                    ("unsigned", "came back unsigned"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="return",
            name="reason",
            field=models.CharField(
                choices=[
                    ("quality", "quality"),
                    ("wrong_item", "wrong item"),
                    ("transport_damage", "damaged on the way"),
                    ("near_expiry", "near expiry"),
                    ("recall", "recall"),
                    ("repair", "repair"),
                    ("trial_end", "end of a trial"),
                    ("refused", "refused"),
                    ("taken_back", "consignment taken back"),
                ],
                max_length=20,
                verbose_name="reason",
            ),
        ),
        migrations.AlterField(
            model_name="returnline",
            name="decision",
            field=models.CharField(
                blank=True,
                choices=[
                    ("restock", "back to stock"),
                    ("repair", "to repair"),
                    ("exchange", "exchanged, the old one rejected"),
                    ("refund", "refunded, the goods rejected"),
                    ("reject", "rejected"),
                    ("scrap", "scrapped"),
                    ("to_maker", "to the maker"),
                ],
                db_default="",
                max_length=10,
                verbose_name="decision",
            ),
        ),
        migrations.AddConstraint(
            model_name="return",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["refund", "exchange", "repair", "scrap", "unsigned"])
                ),
                name="return_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="return",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "reason__in",
                        [
                            "quality",
                            "wrong_item",
                            "transport_damage",
                            "near_expiry",
                            "recall",
                            "repair",
                            "trial_end",
                            "refused",
                            "taken_back",
                        ],
                    )
                ),
                name="return_reason_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decision", ""),
                    models.Q(
                        (
                            "decision__in",
                            [
                                "restock",
                                "repair",
                                "exchange",
                                "refund",
                                "reject",
                                "scrap",
                                "to_maker",
                            ],
                        ),
                        models.Q(("finding", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="return_decision_says_why",
            ),
        ),
    ]
