"""The products app."""

from django.apps import AppConfig


class ProductsConfig(AppConfig):
    """Products, their UDI device identifiers and package levels."""

    name = "kintsugi.products"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add products to search, home, the pages of parties, evidence packs and retention."""
        from kintsugi.audit.selectors import name_commands
        from kintsugi.core import panels
        from kintsugi.core.errors import Text
        from kintsugi.identity.services import register_act_kind
        from kintsugi.products import acts, evidence_pack, finding, trade_screens

        finding.register()
        finding.register_trade()
        evidence_pack.register()
        for panel in trade_screens.PANELS:
            panels.register(panel)
        for kind in acts.KINDS:
            register_act_kind(kind)
        name_commands(
            {
                **{kind.name: kind.title for kind in acts.KINDS},
                "certificate.register": Text("登记注册证", "Register a certificate"),
                "certificate.withdraw": Text("注销注册证", "Withdraw a certificate"),
                "licence.authorise": Text("登记授权产品", "Name authorised products"),
                "review.ask": Text("申请首营审核", "Ask for a first review"),
                "review.submit": Text("提交首营审核", "Submit a first review"),
                "review.review": Text("首营质量审核", "Quality review before first business"),
                "review.approve": Text("批准首营", "Approve a first review"),
                "review.rejected": Text("驳回首营", "Reject a first review"),
                "review.withdrawn": Text("撤回首营申请", "Withdraw a first review"),
                "review.ended": Text("终止首营", "End a first review"),
            }
        )
